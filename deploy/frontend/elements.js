// GitHub's custom elements that the pages use; deploy/vendor bundles them into static/vendor/elements.js.
import "@github/relative-time-element";
import "@github/auto-complete-element";
