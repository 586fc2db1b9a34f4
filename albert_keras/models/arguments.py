"""Arguments of models: whose they are, and which nobody has."""

import difflib
import inspect
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import keras

# Every Keras layer has them; a task's are its own and not its parts'.
_OF_KERAS = {"name", "trainable"}
_OF_LAYERS = {"activity_regularizer", "autocast", "dtype"}
# Between a class and its base, and in saved configurations.
_PASSED_ON = {"inputs", "outputs", "config_file", "_allow_python_workflow"}
# The shapes of the weights decide these.
SIZES = (
    "vocabulary_size",
    "embedding_dim",
    "hidden_dim",
    "intermediate_dim",
    "num_groups",
    "num_inner_repetitions",
    "max_sequence_length",
    "num_segments",
)


class Arguments(NamedTuple):
    """Arguments of `from_preset`, by what they are for.

    Args:
        model: For the constructor of the model.
        backbone: For its encoder, if the model is a task.
        preprocessor: For its preprocessor, if the model is a task.
    """

    model: dict[str, Any]
    backbone: dict[str, Any]
    preprocessor: dict[str, Any]


class KnowsArguments:
    """Mixed into models and preprocessors: unknown arguments are refused.

    Keras' functional models ignore what they don't know.
    """

    def __init__(self, *args, **kwargs):
        known = _accepted(type(self), all_classes=True)
        for name in kwargs:
            if name not in known and name not in _PASSED_ON:
                raise ValueError(_unknown(type(self), name, known))
        super().__init__(*args, **kwargs)


def arguments_of(model_class: type) -> set[str]:
    """Return the names of a constructor's arguments.

    Args:
        model_class: A class of models, preprocessors or tokenizers.
    """
    return _accepted(model_class, all_classes=False)


def _accepted(model_class: type, all_classes: bool) -> set[str]:
    """The arguments of a class, or of all those that it inherits from.

    A subclass may leave arguments out that it passes to its base.
    """
    names = set(_OF_KERAS)
    if not issubclass(model_class, keras.Model):
        names |= _OF_LAYERS
    for each in model_class.__mro__:
        if each.__module__.partition(".")[0] == "keras":
            break  # a model ignores what it doesn't know
        if "__init__" not in vars(each):
            continue
        parameters = inspect.signature(vars(each)["__init__"]).parameters
        names |= {
            name
            for name, parameter in parameters.items()
            if parameter.kind
            in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        }
        kinds = {parameter.kind for parameter in parameters.values()}
        if inspect.Parameter.VAR_KEYWORD not in kinds and not all_classes:
            break
    return names - {"self"}


def sort_arguments(
    model_class: Any, given: Mapping[str, Any], more: Iterable[str] = ()
) -> Arguments:
    """Return arguments sorted by the part of the model that takes them.

    An argument that the model has itself, such as the `dropout` of a
    classifier, is the model's, even if a part has one of the same name.

    Args:
        model_class: A backbone or a task.
        given: The arguments.
        more: Names of arguments that whoever calls this takes.

    Raises:
        ValueError: An argument is unknown, or belongs to a part that is given
            as an object.
    """
    own = {*arguments_of(model_class), "dtype", *more}
    parts = {
        part: arguments_of(part_class) - _OF_KERAS - _OF_LAYERS - {"tokenizer"}
        for part in ("backbone", "preprocessor")
        if (part_class := getattr(model_class, f"{part}_cls", None)) is not None
    }
    found = Arguments({}, {}, {})
    for name, value in given.items():
        if name in own:
            found.model[name] = value
            continue
        part = next((part for part in parts if name in parts[part]), None)
        if part is None:
            known = own.union(*parts.values())
            raise ValueError(_unknown(model_class, name, known))
        if part in given:
            raise ValueError(
                f"`{name}` belongs to the {part}, which is given as well: set "
                f"it there. Received: {name}={value!r:.60}."
            )
        getattr(found, part)[name] = value
    return found


def refuse_other_sizes(
    given: Mapping[str, Any], saved: Mapping[str, Any], source: Any
) -> None:
    """Refuse sizes that the weights don't have.

    Args:
        given: Arguments of a backbone.
        saved: Its configuration.
        source: What the weights are called in the message.

    Raises:
        ValueError: A size differs.
    """
    for name in SIZES:
        if name in given and name in saved and given[name] != saved[name]:
            advice = ""
            if name == "max_sequence_length":
                advice = " For shorter inputs, pass `sequence_length`."
            raise ValueError(
                f"`{name}` must be {saved[name]}, as in the weights of "
                f"`{source}`. Received: {name}={given[name]!r:.60}.{advice}"
            )


def with_arguments(
    preprocessor: Any, arguments: Mapping[str, Any], longest: int
) -> Any:
    """Return a preprocessor with other arguments.

    Args:
        preprocessor: A preprocessor, or None.
        arguments: Arguments that replace its own, `sequence_length` for
            instance.
        longest: Maximum sequence length of the model, in tokens.

    Raises:
        ValueError: There is no preprocessor, or the length exceeds the
            model's.
    """
    if not arguments:
        return preprocessor
    shown = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
    if preprocessor is None:
        raise ValueError(
            "Arguments of a preprocessor need a model that has one; pass "
            f"`preprocessor`. Received: {shown:.60}."
        )
    if (arguments.get("sequence_length") or 0) > longest:
        raise ValueError(
            f"`sequence_length` must be at most {longest}, the model's "
            f"`max_sequence_length`. Received: {shown:.60}."
        )
    config = {**preprocessor.get_config(), **arguments}
    return type(preprocessor)(**{**config, "tokenizer": preprocessor.tokenizer})


def _unknown(model_class: Any, name: str, known: Iterable[str]) -> str:
    for part in ("backbone", "preprocessor"):
        part_class = getattr(model_class, f"{part}_cls", None)
        if part_class is not None and name in arguments_of(part_class):
            advice = f"Pass it to the {part}, an {part_class.__name__}."
            break
    else:
        close = difflib.get_close_matches(name, known, n=1)
        advice = f"Did you mean `{close[0]}`?" if close else ""
    return (
        f"`{name}` isn't an argument of {model_class.__name__}. {advice} "
        f"Its arguments are {', '.join(sorted(known))}."
    ).replace("  ", " ")
