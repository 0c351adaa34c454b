"""Where a sheet waits while it is written: in a folder of this process, which the next one removes when this one was killed.

openpyxl's own temporary file, with all texts in it, would stay where it is. It has no setting for that, so this rests on its private parts; where a
version has others, its own file is used as it is.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet


def wait_in(folder: Path, sheet: "WriteOnlyWorksheet") -> bool:
    """Have a sheet that no row was written to wait in this folder; False where openpyxl keeps it in a place of its own."""
    try:
        from openpyxl.worksheet._writer import ALL_TEMP_FILES, WorksheetWriter

        path = str(folder / f"sheet{len(list(folder.iterdir())) + 1}.xml")
        writer = WorksheetWriter(sheet, out=path)
    except (ImportError, TypeError):
        return False
    # openpyxl takes a file off this list when it has packed it.
    ALL_TEMP_FILES.append(path)
    writer.write_top()
    sheet._writer = writer
    return True
