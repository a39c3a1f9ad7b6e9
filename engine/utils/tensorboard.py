"""SummaryWriter, as torch.utils.tensorboard: event files for TensorBoard, written by the tensorboardX package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradbook.errors import MissingExtraError
from gradbook.tensor import Tensor

try:
    import tensorboardX
except ImportError as error:
    raise MissingExtraError(
        "gradbook.utils.tensorboard needs tensorboardX: pip install 'gradbook[tensorboard]'"
    ) from error

__all__ = ["SummaryWriter"]


def _array(value: Any) -> Any:
    """Tensors as arrays (bfloat16 as float32), in lists, tuples and dicts too; the rest as it is."""
    if isinstance(value, Tensor):
        array = value.detach().numpy(force=True)
        return array.astype(np.float32) if array.dtype.kind == "V" else array
    if isinstance(value, Mapping):
        return {key: _array(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_array(entry) for entry in value]
    return value


def _number(value: Any) -> Any:
    """A tensor or array of one element as a Python number."""
    value = _array(value)
    return value.item() if isinstance(value, np.ndarray) else value


class SummaryWriter(tensorboardX.SummaryWriter):  # type: ignore[misc]  # tensorboardX has no types
    """Write scalars, images, histograms … for TensorBoard, as torch.utils.tensorboard.SummaryWriter.

    log_dir None is runs/<date>_<host><comment>. A context manager; close() writes what is left. Differs: add_graph
    raises NotImplementedError; draw the graph in the notebook (%graph).
    """

    def __init__(
        self, log_dir: Any = None, comment: str = "", purge_step: int | None = None, max_queue: int = 10,
        flush_secs: int = 120, filename_suffix: str = "", **other: Any,
    ) -> None:  # fmt: skip
        place = None if log_dir is None else str(log_dir)
        super().__init__(place, comment, purge_step, max_queue, flush_secs, filename_suffix, **other)
        self.log_dir: str = self.logdir  # PyTorch's name of it

    def add_scalar(
        self, tag: str, scalar_value: Any, global_step: int | None = None, walltime: float | None = None,
        new_style: bool = False, double_precision: bool = False,
    ) -> None:  # fmt: skip
        """A point of a curve: a number, or a tensor of one element. Raises AssertionError for a tensor of more."""
        if isinstance(scalar_value, Tensor) and scalar_value.numel() != 1:
            raise AssertionError(f"add_scalar: {tag!r} should be one number, got shape {tuple(scalar_value.shape)}")
        super().add_scalar(tag, _number(scalar_value), global_step, walltime)

    def add_scalars(
        self, main_tag: str, tag_scalar_dict: Mapping[str, Any], global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:  # fmt: skip
        """Points of several curves in one picture."""
        numbers = {name: _number(value) for name, value in tag_scalar_dict.items()}
        super().add_scalars(main_tag, numbers, global_step, walltime)

    def add_histogram(self, tag: str, values: Any, *args: Any, **kwargs: Any) -> None:
        """How values are distributed; any shape. (global_step, bins, walltime, max_bins)"""
        super().add_histogram(tag, _array(values), *args, **kwargs)

    def add_image(self, tag: str, img_tensor: Any, *args: Any, **kwargs: Any) -> None:
        """An image (3, h, w), or as `dataformats` says. (global_step, walltime, dataformats)"""
        super().add_image(tag, _array(img_tensor), *args, **kwargs)

    def add_images(
        self, tag: str, img_tensor: Any, global_step: int | None = None, walltime: float | None = None,
        dataformats: str = "NCHW",
    ) -> None:  # fmt: skip
        """Images (n, 3, h, w), or as `dataformats` says; a list of (3, h, w) with "CHW"."""
        images = _array(img_tensor)
        if isinstance(images, list):
            images, dataformats = np.stack(images), f"N{dataformats}"
        super().add_images(tag, images, global_step, walltime, dataformats)

    def add_image_with_boxes(
        self, tag: str, img_tensor: Any, box_tensor: Any, global_step: int | None = None,
        walltime: float | None = None, rescale: float = 1, dataformats: str = "CHW", labels: Any = None,
    ) -> None:  # fmt: skip
        """An image with boxes (n, 4) drawn on it."""
        image, boxes = _array(img_tensor), _array(box_tensor)
        super().add_image_with_boxes(tag, image, boxes, global_step, walltime, dataformats, labels, rescale=rescale)

    def add_video(self, tag: str, vid_tensor: Any, *args: Any, **kwargs: Any) -> None:
        """A film (n, t, c, h, w); needs moviepy. (global_step, fps, walltime)"""
        super().add_video(tag, _array(vid_tensor), *args, **kwargs)

    def add_audio(self, tag: str, snd_tensor: Any, *args: Any, **kwargs: Any) -> None:
        """A sound (length,) in -1 … 1; needs soundfile. (global_step, sample_rate, walltime)"""
        super().add_audio(tag, _array(snd_tensor), *args, **kwargs)

    def add_embedding(
        self, mat: Any, metadata: Any = None, label_img: Any = None, global_step: int | None = None,
        tag: str = "default", metadata_header: Any = None,
    ) -> None:  # fmt: skip
        """Points (n, d) to look at from all sides, with a label or an image (n, c, h, w) each."""
        labels = metadata if metadata is None else _array(metadata)
        labels = labels.tolist() if isinstance(labels, np.ndarray) else labels
        with np.errstate(all="ignore"):  # where images do not fill a square, tensorboardX scales memory nobody wrote
            super().add_embedding(_array(mat), labels, _array(label_img), global_step, tag, metadata_header)

    def add_pr_curve(self, tag: str, labels: Any, predictions: Any, *args: Any, **kwargs: Any) -> None:
        """Precision against recall. (global_step, num_thresholds, weights, walltime)"""
        super().add_pr_curve(tag, _array(labels), _array(predictions), *args, **kwargs)

    def add_mesh(
        self, tag: str, vertices: Any, colors: Any = None, faces: Any = None, *args: Any, **kwargs: Any
    ) -> None:  # fmt: skip
        """A point cloud (b, n, 3) or a mesh. (config_dict, global_step, walltime)"""
        super().add_mesh(tag, _array(vertices), _array(colors), _array(faces), *args, **kwargs)

    def add_hparams(
        self, hparam_dict: Mapping[str, Any], metric_dict: Mapping[str, Any], hparam_domain_discrete: Any = None,
        run_name: str | None = None, global_step: int | None = None,
    ) -> None:  # fmt: skip
        """Hyperparameters of a run, and how well it did: a run of its own, named run_name or by the time."""
        values, metrics = ({name: _number(value) for name, value in d.items()} for d in (hparam_dict, metric_dict))
        super().add_hparams(values, metrics, run_name, global_step)

    def get_logdir(self) -> str:
        """The folder that the event files are in."""
        return self.log_dir

    def add_graph(
        self, model: Any, input_to_model: Any = None, verbose: bool = False, use_strict_trace: bool = True
    ) -> None:
        """Raises NotImplementedError: gradbook has no trace that TensorBoard could show."""
        raise NotImplementedError(
            "SummaryWriter.add_graph: gradbook writes no graph for TensorBoard. In a notebook `%graph model(x)` draws "
            "it, and `%graph model(x) --save graph.svg` keeps the picture"
        )
