"""What is found inside a model, as JSON, as pictures and as a page."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from albert_keras.inference.html_page import page, picture, table, write_page
from albert_keras.inference.looking.attention_layer import draw_attention_layer
from albert_keras.inference.looking.attention_map import MAX_TOKENS
from albert_keras.inference.looking.attention_overview import (
    draw_attention_overview,
)
from albert_keras.inference.looking.inside import Inside
from albert_keras.inference.looking.parameters import ParameterCount
from albert_keras.inference.looking.similarity import layer_changes
from albert_keras.inference.looking.similarity_picture import (
    draw_layer_changes,
)
from albert_keras.inference.looking.tokenization import (
    TOKEN_STYLE,
    tokenization_html,
)

PAGE = "inside.html"


def parameters_json(counted: ParameterCount) -> dict[str, Any]:
    """Parameters by part, as JSON holds them."""
    return {
        "parts": [part._asdict() for part in counted.parts],
        "parameters": counted.total,
        "unrolled": counted.unrolled,
        "blocks": counted.num_blocks,
        "applications": counted.num_applications,
        "embedding": counted.embedding,
        "full_embedding": counted.full_embedding,
    }


def text_json(inside: Inside) -> dict[str, Any]:
    """Tokens of a text and what the layers change, as JSON holds them."""
    return {
        "text": inside.text,
        "tokens": [
            {
                "piece": token.piece,
                "id": token.id,
                "start": token.start,
                "end": token.end,
            }
            for token in inside.tokens
        ],
        "layers": [c._asdict() for c in layer_changes(inside.hidden_states)],
    }


def savings(counted: ParameterCount) -> list[str]:
    """What sharing and the factorised embedding save, in sentences.

    Args:
        counted: Parameters of a model.

    Returns:
        One sentence for sharing, and one for the embedding if it is narrower
        than the encoder.
    """
    blocks = counted.num_blocks
    shared = (
        f"{'One block' if blocks == 1 else f'{blocks} blocks'}, applied "
        f"{counted.num_applications} times: {_size(counted.total)}. Without "
        f"sharing: {_size(counted.unrolled)}, "
        f"{counted.unrolled / counted.total:.1f} times as many."
    )
    if counted.embedding == counted.full_embedding:
        return [shared]
    factorised = (
        f"Token embedding with projection: {counted.embedding:,} parameters. "
        f"As wide as the encoder it would have {counted.full_embedding:,}."
    )
    return [shared, factorised]


def _size(parameters: int) -> str:
    return f"{parameters:,} parameters, {4e-6 * parameters:,.1f} MB in float32"


def write_report(
    folder: Path,
    name: str,
    counted: ParameterCount,
    inside: Inside,
    layers: Sequence[int] | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> list[Path]:
    """Writes the pictures of a text, and a page that has all of them.

    Args:
        folder: Where to write; it must exist.
        name: Of the model, for the page.
        counted: Its parameters.
        inside: What it computes of the text.
        layers: Numbers, from 1, of the layers to draw; None for all.
        progress: Is told what is being done.

    Returns:
        The files: `inside.html`, `similarity.png` and, unless the text has
        more than `MAX_TOKENS` tokens, `attention.png` and one
        `attention-layer-NN.png` a layer.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
        ValueError: There is no layer of such a number.
    """
    changes = layer_changes(inside.hidden_states)
    progress("Drawing layer similarity")
    similarity = folder / "similarity.png"
    draw_layer_changes(changes, inside.text, similarity)
    body = [
        f'<p class="note">{len(inside.tokens)} tokens through {len(changes)} '
        "layers.</p>",
        "<h2>Pieces</h2>",
        tokenization_html(inside.text, inside.tokens),
        "<h2>Parameters</h2>",
        _parameter_table(counted),
        *(f"<p>{sentence}</p>" for sentence in savings(counted)),
        "<h2>From layer to layer</h2>",
        picture(
            similarity,
            "L2 distance and angle between what goes into a layer and what "
            "comes out (Lan et al. 2019, section 3.1, Figure 1).",
        ),
        "<h2>Attention</h2>",
    ]
    written = [similarity]
    if len(inside.tokens) > MAX_TOKENS:
        body.append(
            f"<p>Not drawn: {len(inside.tokens)} tokens are more than the "
            f"{MAX_TOKENS} whose labels can be read.</p>"
        )
    else:
        written += _attention(folder, inside, layers, progress, body)
    write_page(folder / PAGE, page(f"Inside {name}", body, style=TOKEN_STYLE))
    return [folder / PAGE, *written]


def _attention(
    folder: Path,
    inside: Inside,
    layers: Sequence[int] | None,
    progress: Callable[[str], None],
    body: list[str],
) -> list[Path]:
    progress("Drawing attention of all layers")
    overview = folder / "attention.png"
    draw_attention_overview(inside, overview)
    body.append(picture(overview, "Every head of every layer."))
    written = [overview]
    for layer in layers or range(1, len(inside.attention) + 1):
        progress(f"Drawing attention of layer {layer}")
        path = folder / f"attention-layer-{layer:02}.png"
        draw_attention_layer(inside, layer, path)
        body.append(
            f"<details><summary>Layer {layer}, with its pieces</summary>"
            + picture(path, f"The heads of layer {layer}.")
            + "</details>"
        )
        written.append(path)
    return written


def _parameter_table(counted: ParameterCount) -> str:
    rows = [
        (part.name, f"{part.size:,}", f"{part.unrolled:,}")
        for part in counted.parts
    ]
    rows.append(
        (
            "<b>all</b>",
            f"<b>{counted.total:,}</b>",
            f"<b>{counted.unrolled:,}</b>",
        )
    )
    return table(
        ("part", "parameters", "without sharing"), rows, numbers=(1, 2)
    )
