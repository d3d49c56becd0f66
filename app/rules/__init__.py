"""Pure decisions: values in, values out, standard library only."""
