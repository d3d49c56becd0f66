"""The stream process: `python -m app.live` tells open pages that a record they show has changed (LISTEN → SSE).

It says the number and nothing else; the page asks for itself again, and sees what its reader may see. A process of its
own, so that open streams take no page's thread, and its death takes nothing but freshness.
"""
