"""One pipeline from sub-images to outlines, for evaluation and for serving."""
