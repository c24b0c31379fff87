"""The same ruler for readers and models: overlap, lesions, burden, surface distances and intervals."""
