"""Run-length encodings of masks: Label Studio's brush and COCO's."""

from converters.brush_rle import decode_brush, encode_brush
from converters.coco_rle import decode_coco, encode_coco

__all__ = ["decode_brush", "decode_coco", "encode_brush", "encode_coco"]
