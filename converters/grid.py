"""The normalised grid (1024 rows × 256 columns) and the exact way between it and an image of another size.

The image is scaled by one factor and padded, never stretched; outlines map both ways, masks are never resampled.
"""

from dataclasses import dataclass

from converters.regions import Point, Polygon, Ring

GRID_ROWS = 1024
GRID_COLUMNS = 256
GRID_SHAPE = (GRID_ROWS, GRID_COLUMNS)


@dataclass(frozen=True)
class GridTransform:
    """`grid = source · scale + offset`, in pixels, `(column, row)`.

    Args:
        rows, columns: size of the source image in pixels.
        scale: grid pixels per source pixel.
        column_offset, row_offset: where the source's top-left corner lies on the grid, in grid pixels.
    """

    rows: int
    columns: int
    scale: float
    column_offset: float
    row_offset: float

    @classmethod
    def fit(cls, rows: int, columns: int) -> "GridTransform":
        """The largest centred placement of a `rows × columns` image on the grid that keeps its aspect ratio."""
        if rows < 1 or columns < 1:
            raise ValueError(f"an image of {rows} rows × {columns} columns has no pixels")
        scale = min(GRID_ROWS / rows, GRID_COLUMNS / columns)
        return cls(rows, columns, scale, (GRID_COLUMNS - columns * scale) / 2, (GRID_ROWS - rows * scale) / 2)

    @property
    def is_identity(self) -> bool:
        return (self.rows, self.columns) == GRID_SHAPE

    def to_grid(self, point: Point) -> Point:
        column, row = point
        return (column * self.scale + self.column_offset, row * self.scale + self.row_offset)

    def to_source(self, point: Point) -> Point:
        column, row = point
        return ((column - self.column_offset) / self.scale, (row - self.row_offset) / self.scale)

    def polygon_to_grid(self, polygon: Polygon) -> Polygon:
        return Polygon(self._ring_to_grid(polygon.exterior), tuple(map(self._ring_to_grid, polygon.holes)))

    def polygon_to_source(self, polygon: Polygon) -> Polygon:
        return Polygon(self._ring_to_source(polygon.exterior), tuple(map(self._ring_to_source, polygon.holes)))

    def _ring_to_grid(self, ring: Ring) -> Ring:
        return tuple(map(self.to_grid, ring))

    def _ring_to_source(self, ring: Ring) -> Ring:
        return tuple(map(self.to_source, ring))
