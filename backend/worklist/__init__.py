"""Who reads what, in Label Studio or a Labelme folder."""
