"""The frozen frontier: a model cut where training begins.

What is trained decides where the graph is cut. Every value that no trained module has touched can be computed once per
picture and kept; the rest is trained from there, with the same numbers. The cut is computed from a trace of the model
(`torch.fx`, modules without children and normalisations as leaves), checked at the shape in use, and given up with a
reason where a model cannot be traced: then the frontier is the picture itself and the whole model is the suffix. The
frozen part is folded (`transfer.folding`) as far as it then still gives the model's scores.

Only tensors with one entry per image are kept. What else the trained part reads (shapes, parameters, constants) and
what follows from kept values without any module (a pooling, a concatenation) it computes for itself.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, fx, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from medgraft.networks.mode import in_eval_mode
from medgraft.transfer.folding import fold
from medgraft.transfer.split import Split

#: What torch.fx raises on models whose Python depends on values of tensors.
_UNTRACEABLE = (fx.proxy.TraceError, TypeError, ValueError, RuntimeError, AttributeError, KeyError, AssertionError)

#: Functions and methods that draw random numbers; a trace would fix whether they do. Modules that draw are leaves.
_RANDOM = frozenset(
    {
        *(functional.dropout, functional.dropout1d, functional.dropout2d, functional.dropout3d, torch.dropout),
        *(functional.alpha_dropout, functional.feature_alpha_dropout, functional.rrelu, functional.gumbel_softmax),
        *(torch.bernoulli, torch.rand_like, torch.randn_like, torch.rand, torch.randn, torch.normal),
        *("bernoulli", "bernoulli_", "uniform_", "normal_"),
    }
)


def split_at_frontier(model: nn.Module, example: Tensor) -> Split:
    """Cut a model where training begins.

    Args:
        model: in training mode as it will be trained; frozen parts are in evaluation mode (`networks.freeze`), which is
            how the frontier knows them.
        example: images (N, C, S, S) with N of 2 or more, of the shape in use; the cut is checked on them.

    Returns:
        The two parts. Where nothing is frozen, or the model cannot be traced, or the traced parts do not repeat the
        model's scores on the example to 1e-5, the prefix is None and the suffix is the model.
    """
    try:
        graph = _Tracer().trace(model)
        kept = _kept(model, graph, example)
    except _UNTRACEABLE as error:
        return _whole(model, f"cannot be traced ({type(error).__name__}: {str(error).splitlines()[0][:120]})")
    live = _live_nodes(model, graph)
    if not _has_parameters(model, (node for node in graph.nodes if node not in live)):
        return _whole(model, "nothing is frozen")
    if any(_is_random(node) for node in graph.nodes):
        return _whole(model, "random functions outside modules cannot be traced")
    crossing, behind = _cut(graph, live, kept)
    prefix, suffix = _prefix(model, graph, live, crossing), _suffix(model, graph, behind, crossing)
    folded = _checked(model, Split(prefix=fold(prefix), suffix=suffix), example)
    return folded if not folded.reason else _checked(model, Split(prefix=prefix, suffix=suffix), example)


class _Tracer(fx.Tracer):
    """Leaves are modules without children, and normalisations and random modules, whose mode must stay switchable."""

    def is_leaf_module(self, module: nn.Module, qualified_name: str) -> bool:
        """True where the trace must not look inside."""
        childless = next(module.children(), None) is None
        return childless or isinstance(module, _BatchNorm) or super().is_leaf_module(module, qualified_name)


def _whole(model: nn.Module, reason: str) -> Split:
    return Split(prefix=None, suffix=model, reason=reason)


class _Kept(fx.Interpreter):
    """Runs a graph and notes the nodes whose value has one entry per image of the input."""

    def __init__(self, graph: fx.GraphModule, n_images: int) -> None:
        super().__init__(graph)
        self.n_images = n_images
        self.names: set[str] = set()

    def run_node(self, n: fx.Node) -> object:
        """The node's value."""
        value: object = super().run_node(n)
        if isinstance(value, Tensor) and value.ndim and len(value) == self.n_images:
            self.names.add(n.name)
        return value


def _kept(model: nn.Module, graph: fx.Graph, example: Tensor) -> set[fx.Node]:
    """Nodes that follow from the images and have one entry for each: what a cache can hold."""
    runner = _Kept(fx.GraphModule(model, graph), len(example))
    with in_eval_mode(model), torch.no_grad():
        runner.run(example)
    imaged: set[fx.Node] = set()
    for node in graph.nodes:
        if node.op == "placeholder" or any(source in imaged for source in node.all_input_nodes):
            imaged.add(node)
    return {node for node in imaged if node.name in runner.names}


def _live_nodes(model: nn.Module, graph: fx.Graph) -> set[fx.Node]:
    """Nodes that training can change: modules in training mode, trained parameters, and all that follows them."""
    live: set[fx.Node] = set()
    for node in graph.nodes:
        if node.op == "output" or _trains(model, node) or any(source in live for source in node.all_input_nodes):
            live.add(node)
    return live


def _trains(model: nn.Module, node: fx.Node) -> bool:
    if node.op == "call_module":
        module = model.get_submodule(str(node.target))
        return module.training or any(parameter.requires_grad for parameter in module.parameters())
    if node.op == "get_attr":
        owner, _, name = str(node.target).rpartition(".")
        value = getattr(model.get_submodule(owner), name)
        return isinstance(value, nn.Parameter) and value.requires_grad
    return False


def _has_parameters(model: nn.Module, nodes: Iterable[fx.Node]) -> bool:
    modules = (model.get_submodule(str(node.target)) for node in nodes if node.op == "call_module")
    return any(next(module.parameters(), None) is not None for module in modules)


def _is_random(node: fx.Node) -> bool:
    return node.target in _RANDOM and bool(node.kwargs.get("training", True))


def _cut(graph: fx.Graph, live: set[fx.Node], kept: set[fx.Node]) -> tuple[list[fx.Node], set[fx.Node]]:
    """Values that cross the frontier, in the order of the graph, and the nodes behind it."""
    behind, crossing = set(live), set[fx.Node]()
    for node in reversed(graph.nodes):
        if node not in live and any(user in behind for user in node.users):
            (crossing if node in kept else behind).add(node)
    for node in graph.nodes:
        if node in crossing and _follows(node, crossing | behind):
            crossing.remove(node)
            behind.add(node)
    return [node for node in graph.nodes if node in crossing], behind


def _follows(node: fx.Node, known: set[fx.Node]) -> bool:
    """Whether a value is a function, without any module, of values that are known behind the frontier."""
    is_function = node.op in ("call_function", "call_method")
    return is_function and all(source in known for source in node.all_input_nodes)


def _prefix(model: nn.Module, graph: fx.Graph, live: set[fx.Node], crossing: list[fx.Node]) -> fx.GraphModule:
    copies: dict[fx.Node, fx.Node] = {}
    prefix = fx.Graph()
    for node in graph.nodes:
        if node not in live:
            copies[node] = prefix.node_copy(node, lambda source: copies[source])
    prefix.output(tuple(copies[node] for node in crossing))
    return _module(model, prefix)


def _suffix(model: nn.Module, graph: fx.Graph, behind: set[fx.Node], crossing: list[fx.Node]) -> fx.GraphModule:
    suffix = fx.Graph()
    copies = {node: suffix.placeholder(f"frontier_{index}") for index, node in enumerate(crossing)}
    for node in graph.nodes:
        if node in behind:
            copies[node] = suffix.node_copy(node, lambda source: copies[source])
    return _module(model, suffix)


def _module(model: nn.Module, graph: fx.Graph) -> fx.GraphModule:
    """The graph over the model's own modules, without what nothing reads."""
    module = fx.GraphModule(model, graph)
    module.graph.eliminate_dead_code()
    module.recompile()
    return module


def _checked(model: nn.Module, split: Split, example: Tensor) -> Split:
    """The split if it repeats the model's scores on the example, else the whole model with the reason."""
    images = torch.cat([example, example[:1]])  # another number of images than the values were sorted by
    try:
        with in_eval_mode(model), torch.no_grad():
            values = split.frontier(images)
            if any(len(value) != len(images) for value in values):
                return _whole(model, "values other than one tensor per image cross the frontier")
            expected, got = model(images), split.suffix(*(value.clone() for value in values))
    except _UNTRACEABLE as error:  # a trace may hold for one number of images only
        return _whole(model, f"cannot be run in parts ({str(error).splitlines()[0][:120]})")
    difference = float((expected - got).abs().max())
    if not difference <= 1e-5 * max(1.0, float(expected.abs().max())):
        return _whole(model, f"the traced parts differ from the model by {difference:.1e}")
    return split
