"""Where things lie in the folder of a run."""

import json
import shutil
from os import PathLike
from pathlib import Path
from typing import Any

from albert_keras.artefact_names import (
    RUN_CHECKPOINTS,
    RUN_PRESET,
    RUN_RECORD,
    SENTENCE_PIECE_FILE,
    WORD_PIECE_FILE,
)
from albert_keras.json_objects import check_small_file
from albert_keras.text.piece_tokenizer import PieceTokenizer
from albert_keras.whole_files import partial_of, written_whole


class RunFolder:
    """The folder of one training run.

    ```
    run.json            what made the run: options, data, versions, command
    albert_config.json  the model's sizes, as google's file
    spiece.model        the vocabulary, or vocab.txt
    metrics.csv         a row every few steps, and one for each evaluation
    tensorboard/        the same for TensorBoard
    curves.png          the same to look at
    checkpoints/        what the run is resumed from
    preset/             the trained model, once the run is finished
    bad_batch.json      the records whose loss was not finite, if that was so
    ```

    A folder with a run.json is a run; any other folder must be empty to become
    one.

    Args:
        path: the folder, which need not exist.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)
        self.record = self.path / RUN_RECORD
        self.config = self.path / "albert_config.json"
        self.tokenizer = self.path / SENTENCE_PIECE_FILE
        self.word_pieces = self.path / WORD_PIECE_FILE
        self.metrics = self.path / "metrics.csv"
        self.tensorboard = self.path / "tensorboard"
        self.curves = self.path / "curves.png"
        self.checkpoints = self.path / RUN_CHECKPOINTS
        self.preset = self.path / RUN_PRESET
        self.bad_batch = self.path / "bad_batch.json"

    def is_run(self) -> bool:
        """Return whether a run was begun here."""
        return self.record.is_file()

    def check_usable(self, *, resume: bool, overwrite: bool) -> None:
        """Refuses a folder whose content this run would lose or mix with.

        Raises:
            FileExistsError: if the folder holds a run that is neither to be
                resumed nor to be overwritten, or holds something else.
            NotADirectoryError: if there is a file of this name.
            ValueError: if the run is to be resumed and overwritten at once.
        """
        if resume and overwrite:
            raise ValueError(
                "A run is either resumed or overwritten. "
                "Received: resume=True, overwrite=True."
            )
        if self.path.exists() and not self.path.is_dir():
            raise NotADirectoryError(
                f"The run folder must be a folder. Received: '{self.path}', "
                "which is a file."
            )
        if self.is_run():
            if not resume and not overwrite:
                raise FileExistsError(
                    f"'{self.path}' holds a run already. Resume it "
                    "(`resume=True`, --resume), overwrite it "
                    "(`overwrite=True`, --overwrite) or choose another folder."
                )
        elif self.path.is_dir() and any(
            path != partial_of(self.record) for path in self.path.iterdir()
        ):
            raise FileExistsError(
                "The run folder must be new, empty, or hold a run. "
                f"Received: '{self.path}', which holds other files."
            )

    def clear(self) -> None:
        """Removes a run, and nothing else that may lie in the folder.

        run.json goes last: what is half removed is still a run, which can be
        overwritten again.
        """
        for path in (
            self.preset,
            self.checkpoints,
            self.tensorboard,
            self.curves,
            self.bad_batch,
            self.metrics,
            self.tokenizer,
            self.word_pieces,
            self.config,
            self.record,
        ):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def write_tokenizer(self, tokenizer: PieceTokenizer) -> None:
        """Writes the vocabulary of a tokenizer."""
        path = self.path / tokenizer.vocabulary_file
        with written_whole(path) as partial:
            partial.write_bytes(tokenizer.vocabulary_bytes)

    def write_record(self, record: dict[str, Any]) -> None:
        """Writes run.json, which makes the folder a run."""
        with written_whole(self.record) as partial:
            partial.write_text(
                json.dumps(record, indent=2, ensure_ascii=False) + "\n",
                encoding="utf-8",
            )

    def read_record(self) -> dict[str, Any]:
        """Reads run.json.

        Raises:
            ValueError: if it is not what `write_record` wrote.
        """
        check_small_file(self.record)
        try:
            record = json.loads(self.record.read_text(encoding="utf-8"))
        except (RecursionError, ValueError) as error:
            raise ValueError(
                f"'{self.record}' must be the JSON file that the run began "
                f"with. Received: {error}."
            ) from None
        if not isinstance(record, dict) or not {"inputs", "plan"} <= set(
            record
        ):
            raise ValueError(
                f"'{self.record}' must be the JSON file that the run began "
                "with. Received: one without the keys inputs and plan."
            )
        return record
