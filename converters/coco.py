"""COCO's instance annotations, in and out.

COCO's pixels are counted as ours: polygon vertices from the top-left corner of the top-left pixel. It knows one set of
annotations per image, so each reader gets a file, and image and annotations say the reader as `annotator`. Written
masks are run lengths, which every reader of COCO takes pixel by pixel; `area` and `bbox` are made of them and not read.
"""

from converters.coco_read import read_coco
from converters.coco_write import coco_document, coco_entries

__all__ = ["coco_document", "coco_entries", "read_coco"]
