"""Real mistakes as small notebooks: what their error card has to say, and whether a change of one line mends them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MISTAKES", "Mistake"]

IMPORTS = """\
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn, optim

torch.manual_seed(0)"""


@dataclass(frozen=True)
class Mistake:
    """Cells after the imports, which are cell [1]. `at`: where it fails; `axes`: the marked axes of each operand.

    `fix`: a line that must be among the fixes, without its indent; '' where there can be none. `rule`: the card's.
    """

    name: str
    cells: tuple[str, ...]
    at: str
    axes: tuple[tuple[int, ...], ...]
    fix: str
    rule: str = "shape-mismatch"

    @property
    def notebook(self) -> tuple[str, ...]:
        """All cells."""
        return (IMPORTS, *self.cells)


NET = """\
class Net(nn.Module):
    def __init__(self, hidden=120):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(256, hidden)
        self.fc2 = nn.Linear(hidden, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.flatten(1)
        return self.fc2(F.relu(self.fc1(x)))

model = Net()
opt = optim.SGD(model.parameters(), lr=0.1)"""
LOOP = """\
losses = []
for step in range(2):
    opt.zero_grad()
    out = model(images)
    loss = F.cross_entropy(out, labels)
    loss.backward()
    opt.step()
    losses.append(loss.item())
    print(step, losses[-1])"""
LABELS = "labels = torch.randint(0, 10, (8,))"
SHORT = "scores = model(x)\nloss = F.cross_entropy(scores, y)\nloss.backward()"

MISTAKES = (
    Mistake("images of another size", (f"images = torch.randn(8, 1, 32, 32)\n{LABELS}", NET, LOOP),
            "cell [3] line 13", ((1,), (0,)), "self.fc1 = nn.Linear(400, hidden)"),
    Mistake("colour images for a grey network", (f"images = torch.randn(8, 3, 28, 28)\n{LABELS}", NET, LOOP),
            "cell [3] line 10", ((1,), (1,)), "self.conv1 = nn.Conv2d(3, 6, 5)"),
    Mistake("channels last", (f"images = torch.randn(8, 28, 28, 1)\n{LABELS}", NET, LOOP),
            "cell [3] line 10", ((1,), (1,)),
            "x = F.max_pool2d(F.relu(self.conv1(x.permute(0, 3, 1, 2))), 2)"),
    Mistake("no channel axis", (f"images = torch.randn(8, 28, 28)\n{LABELS}", NET, LOOP),
            "cell [3] line 10", ((0,), (1,)), "x = F.max_pool2d(F.relu(self.conv1(x.unsqueeze(1))), 2)"),
    Mistake("two layers that do not meet", (
            "model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(64, 10))",
            "x, y = torch.randn(8, 784), torch.randint(0, 10, (8,))\n" + SHORT),
            "cell [3] line 2", ((1,), (0,)),
            "model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))"),
    Mistake("flatten forgotten in a Sequential", (
            "model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Linear(144, 10))",
            "x, y = torch.randn(8, 1, 8, 8), torch.randint(0, 10, (8,))\n" + SHORT),
            "cell [3] line 2", ((3,), (0,)),
            "model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))"),
    Mistake("flatten forgotten before a layer", (
            "fc = nn.Linear(784, 10)",
            "x, y = torch.randn(8, 28, 28), torch.randint(0, 10, (8,))\nscores = fc(x)\n"
            "loss = F.cross_entropy(scores, y)\nloss.backward()"),
            "cell [3] line 2", ((2,), (0,)), "scores = fc(x.flatten(1))"),
    Mistake("matrix product the wrong way round", (
            "x = torch.randn(8, 3)\nw = torch.randn(5, 3, requires_grad=True)",
            "y = x @ w\nloss = (y ** 2).mean()\nloss.backward()"),
            "cell [3] line 1", ((1,), (0,)), "y = x @ w.T"),
    Mistake("weights of the wrong size", (
            "x = torch.randn(8, 3)\nw = torch.randn(4, 1, requires_grad=True)\ny = (x @ w).sum()\ny.backward()",),
            "cell [2] line 3", ((1,), (0,)), "w = torch.randn(3, 1, requires_grad=True)"),
    Mistake("batched product without a transpose", (
            "q, k = torch.randn(2, 5, 8), torch.randn(2, 5, 8)\nscores = torch.bmm(q, k)",),
            "cell [2] line 2", ((2,), (1,)), "scores = torch.bmm(q, k.transpose(-1, -2))"),
    Mistake("attention by hand", (
            "def attend(q, k, v):\n    weights = (q @ k / q.shape[-1] ** 0.5).softmax(-1)\n    return weights @ v",
            "q = k = v = torch.randn(2, 4, 6, 8, requires_grad=True)\nout = attend(q, k, v)\nloss = out.sum()\n"
            "loss.backward()"),
            "cell [2] line 2", ((3,), (2,)), "weights = (q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5).softmax(-1)"),
    Mistake("normalized by rows", (
            "x = torch.randn(8, 5, requires_grad=True)\nx = x / x.sum(1)\nloss = x.mean()\nloss.backward()",),
            "cell [2] line 2", ((1,), (0,)), "x = x / x.sum(1).unsqueeze(1)"),
    Mistake("normalized by rows in two lines", (
            "scores = torch.randn(8, 5)\ntotal = scores.exp().sum(dim=1)\nprobs = scores.exp() / total",),
            "cell [2] line 3", ((1,), (0,)), "probs = scores.exp() / total.unsqueeze(1)"),
    Mistake("softmax by hand", (
            "def softmax(z):\n    z = z - z.max(dim=1).values\n    e = z.exp()\n"
            "    return e / e.sum(1, keepdim=True)",
            "p = softmax(torch.randn(8, 5))"),
            "cell [2] line 2", ((1,), (0,)), "z = z - z.max(dim=1).values.unsqueeze(1)"),
    Mistake("a mean without keepdim", (
            "def norm(x):\n    m = x.mean(dim=1)\n    return x - m",
            "y = norm(torch.randn(8, 5))"),
            "cell [2] line 3", ((1,), (0,)), "m = x.mean(dim=1, keepdim=True)"),
    Mistake("bias of the wrong length", (
            "x, w, b = torch.randn(8, 3), torch.randn(3, 4), torch.zeros(3)\ny = x @ w + b",),
            "cell [2] line 2", ((1,), (0,)), "x, w, b = torch.randn(8, 3), torch.randn(3, 4), torch.zeros(4)"),
    Mistake("bias of the wrong length, made on a line", (
            "x, w = torch.randn(8, 3), torch.randn(3, 4)\nb = torch.zeros(3, requires_grad=True)",
            "loss = (x @ w + b).sum()\nloss.backward()"),
            "cell [3] line 1", ((1,), (0,)), "b = torch.zeros(4, requires_grad=True)"),
    Mistake("a parameter of one's own layer", (
            "class Scale(nn.Module):\n    def __init__(self, n):\n        super().__init__()\n"
            "        self.gain = nn.Parameter(torch.ones(4))\n\n    def forward(self, x):\n"
            "        return x * self.gain",
            "model = Scale(5)\nloss = model(torch.randn(8, 5)).sum()\nloss.backward()"),
            "cell [2] line 7", ((1,), (0,)), "self.gain = nn.Parameter(torch.ones(5))"),
    Mistake("a residual that changes width", (
            "class Block(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
            "        self.up = nn.Linear(16, 32)\n\n    def forward(self, x):\n        return x + self.up(x)",
            "model = nn.Sequential(Block(), nn.Linear(16, 2))\n"
            "x, y = torch.randn(4, 16), torch.randint(0, 2, (4,))\n" + SHORT),
            "cell [2] line 7", ((1,), (1,)), "self.up = nn.Linear(16, 16)"),
    Mistake("cat along the wrong axis", (
            "a, b = torch.randn(8, 3), torch.randn(8, 5)\nboth = torch.cat([a, b])",),
            "cell [2] line 2", ((1,), (1,)), "both = torch.cat([a, b], dim=1)"),
    Mistake("cat along the wrong axis, said so", (
            "a, b = torch.randn(2, 3, 4), torch.randn(2, 5, 4)\nboth = torch.cat((a, b), dim=2)",),
            "cell [2] line 2", ((1,), (1,)), "both = torch.cat((a, b), dim=1)"),
    Mistake("cat of a row and a matrix", (
            "rows, row = torch.randn(4, 3), torch.randn(3)\nall = torch.cat([rows, row])",),
            "cell [2] line 2", ((), ()), "all = torch.cat([rows, row.unsqueeze(0)])"),
    Mistake("stack of batches of different length", (
            "a, b = torch.randn(8, 3), torch.randn(5, 3)\nboth = torch.stack([a, b])",),
            "cell [2] line 2", ((0,), (0,)), "both = torch.cat([a, b])"),
    Mistake("targets in a column", (
            "model = nn.Linear(4, 3)\nx, y = torch.randn(8, 4), torch.randint(0, 3, (8, 1))\n" + SHORT,),
            "cell [2] line 4", ((), (1,)), "loss = F.cross_entropy(scores, y.squeeze(-1))"),
    Mistake("targets that are floats", (
            "model = nn.Linear(4, 3)\nx, y = torch.randn(8, 4), torch.randint(0, 3, (8,)).float()\n" + SHORT,),
            "cell [2] line 4", ((), ()), "loss = F.cross_entropy(scores, y.long())", "dtype-mismatch"),
    Mistake("classes counted from 1", (
            "model = nn.Linear(4, 3)\nx, y = torch.randn(9, 4), torch.arange(9) % 3 + 1\n" + SHORT,),
            "cell [2] line 4", ((1,), ()), "loss = F.cross_entropy(scores, y - 1)", "index-out-of-range"),
    Mistake("a class too few", (
            "model = nn.Linear(4, 2)\nx, y = torch.randn(9, 4), torch.arange(9) % 3\n" + SHORT,),
            "cell [2] line 4", ((1,), ()), "model = nn.Linear(4, 3)", "index-out-of-range"),
    Mistake("sequences of classes", (
            "model = nn.Linear(4, 7)\nx, y = torch.randn(2, 5, 4), torch.randint(0, 7, (2, 5))\n" + SHORT,),
            "cell [2] line 4", ((), (1,)), "loss = F.cross_entropy(scores.transpose(1, 2), y)"),
    Mistake("sequences of classes, half flattened", (
            "model = nn.Linear(4, 7)\nx, y = torch.randn(2, 5, 4), torch.randint(0, 7, (2, 5))\nscores = model(x)\n"
            "loss = F.cross_entropy(scores, y.view(-1))\nloss.backward()",),
            "cell [2] line 4", ((0,), (0,)), "loss = F.cross_entropy(scores.flatten(0, 1), y.view(-1))"),
    Mistake("a weight wider than its bias", (
            "x, y = torch.randn(9, 4), torch.randint(0, 3, (9,))\nw = torch.randn(4, 6, requires_grad=True)\n"
            "b = torch.zeros(5, requires_grad=True)\nv = torch.randn(5, 3, requires_grad=True)",
            "h = torch.tanh(x @ w + b)\nloss = F.cross_entropy(h @ v, y)\nloss.backward()"),
            "cell [3] line 1", ((1,), (0,)), "w = torch.randn(4, 5, requires_grad=True)"),
    Mistake("classes drawn at random", (
            "model = nn.Linear(4, 7)\nx, y = torch.randn(9, 4), torch.randint(0, 40, (9,))\n" + SHORT,),
            "cell [2] line 4", ((1,), ()), "model = nn.Linear(4, 40)", "index-out-of-range"),
    Mistake("fewer targets than rows", (
            "model = nn.Linear(4, 3)\nx, y = torch.randn(8, 4), torch.randint(0, 3, (7,))\n" + SHORT,),
            "cell [2] line 4", ((0,), (0,)), ""),
    Mistake("scores in a column, binary targets", (
            "model = nn.Linear(4, 1)\nx, y = torch.randn(8, 4), torch.ones(8)",
            "scores = model(x)\nloss = F.binary_cross_entropy_with_logits(scores, y)\nloss.backward()"),
            "cell [3] line 2", ((1,), ()), "loss = F.binary_cross_entropy_with_logits(scores.squeeze(-1), y)"),
    Mistake("doubles from NumPy", (
            "import numpy as np\nx = torch.from_numpy(np.random.randn(8, 4))\nmodel = nn.Linear(4, 2)\n"
            "loss = model(x).sum()\nloss.backward()",),
            "cell [2] line 4", ((), ()), "loss = model(x.float()).sum()", "dtype-mismatch"),
    Mistake("whole numbers into a layer", (
            "x = torch.arange(8).view(2, 4)\nmodel = nn.Linear(4, 2)\nloss = model(x).sum()\nloss.backward()",),
            "cell [2] line 3", ((), ()), "loss = model(x.float()).sum()", "dtype-mismatch"),
    Mistake("a product of two dtypes", (
            "a, b = torch.randn(4, 3).double(), torch.randn(3, 5)\nc = a @ b",),
            "cell [2] line 2", ((), ()), "c = a.float() @ b", "dtype-mismatch"),
    Mistake("the mean of whole numbers", (
            "counts = torch.tensor([1, 2, 3])\nm = counts.mean()",),
            "cell [2] line 2", ((),), "m = counts.float().mean()", "dtype-mismatch"),
    Mistake("float indices", (
            "table = nn.Embedding(10, 3)\nrows = table(torch.tensor([1.0, 2.0]))",),
            "cell [2] line 2", ((),), "rows = table(torch.tensor([1.0, 2.0]).long())", "dtype-mismatch"),
    Mistake("an index beyond the table", (
            "table = nn.Embedding(10, 3)\nwords = torch.tensor([3, 10])\nloss = table(words).sum()\n"
            "loss.backward()",),
            "cell [2] line 3", ((), (0,)), "table = nn.Embedding(11, 3)", "index-out-of-range"),
    Mistake("batch norm of other channels", (
            "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
            "        self.conv = nn.Conv2d(1, 4, 3)\n"
            "        self.bn = nn.BatchNorm2d(8)\n\n    def forward(self, x):\n        return self.bn(self.conv(x))",
            "model = Net()\nloss = model(torch.randn(2, 1, 8, 8)).sum()\nloss.backward()"),
            "cell [2] line 8", ((1,), (0,)), "self.bn = nn.BatchNorm2d(4)"),
    Mistake("batch norm of other axes", (
            "model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm1d(4), nn.ReLU())\n"
            "loss = model(torch.randn(2, 1, 8, 8)).sum()\nloss.backward()",),
            "cell [2] line 2", ((),), "model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU())"),
    Mistake("layer norm of another width", (
            "model = nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(8))\nloss = model(torch.randn(2, 4)).sum()\n"
            "loss.backward()",),
            "cell [2] line 2", ((1,),), "model = nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(6))"),
    Mistake("an LSTM of another width", (
            "rnn = nn.LSTM(8, 4, batch_first=True)\nout, _ = rnn(torch.randn(2, 5, 6))\nloss = out.sum()\n"
            "loss.backward()",),
            "cell [2] line 2", ((2,),), "rnn = nn.LSTM(6, 4, batch_first=True)"),
    Mistake("heads that do not divide", ("model = nn.MultiheadAttention(9, 2)",), "cell [2] line 1", (), "", "value"),
    Mistake("a map too small for the next window", (
            "model = nn.Sequential(nn.Conv2d(1, 4, 5), nn.Conv2d(4, 4, 5))\n"
            "loss = model(torch.randn(2, 1, 7, 7)).sum()\nloss.backward()",),
            "cell [2] line 2", ((2, 3), (2, 3)),
            "model = nn.Sequential(nn.Conv2d(1, 4, 5), nn.Conv2d(4, 4, 5, padding=2))"),
    Mistake("a map too small to pool", (
            "x = torch.randn(2, 1, 2, 2)\n"
            "y = F.max_pool2d(x, 3)",), "cell [2] line 2", ((2, 3),), "y = F.max_pool2d(x, 2)"),
    Mistake("a view of the wrong size", (
            "x = torch.randn(8, 28, 28)\nx = x.view(8, 400)",), "cell [2] line 2", ((),), "x = x.view(8, -1)"),
    Mistake("a view of what lies transposed", (
            "x = torch.randn(4, 6)\ny = x.T.view(-1)",), "cell [2] line 2", ((),), "y = x.T.reshape(-1)"),
    Mistake("a view in forward that assumes a batch", (
            "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
            "        self.fc = nn.Linear(36, 3)\n\n"
            "    def forward(self, x):\n        x = x.view(32, 36)\n        return self.fc(x)",
            "model = Net()\nx, y = torch.randn(8, 6, 6), torch.randint(0, 3, (8,))\n" + SHORT),
            "cell [2] line 7", ((),), "x = x.view(-1, 36)"),
    Mistake("an axis that is not there", (
            "x = torch.randn(4, 6)\n"
            "total = x.sum(dim=2)",), "cell [2] line 2", ((),), "total = x.sum(dim=-1)", "index-out-of-range"),
    Mistake("an entry that is not there", (
            "x = torch.randn(4, 6)\nlast = x[4]",), "cell [2] line 2", ((0,),), "last = x[-1]", "index-out-of-range"),
    Mistake("a mask of another length", (
            "x = torch.randn(4, 6)\nmask = torch.tensor([True, False])\n"
            "some = x[mask]",), "cell [2] line 3", ((0,), (0,)), ""),
    Mistake("an axis spread that is not 1", (
            "x = torch.randn(4, 6)\ny = x.expand(4, 7)",), "cell [2] line 2", ((1,),), ""),
    Mistake("einsum", (
            "a, b = torch.randn(3, 4), torch.randn(5, 6)\nc = torch.einsum('ij,jk->ik', a, b)",),
            "cell [2] line 2", ((1,), (0,)), "a, b = torch.randn(3, 4), torch.randn(4, 6)"),
    Mistake("backward from many numbers", (
            "w = torch.randn(3, requires_grad=True)\nloss = w ** 2\nloss.backward()",),
            "cell [2] line 3", ((0,),), "loss.mean().backward()", "backward"),
    Mistake("nothing asks for a gradient", (
            "x = torch.randn(8, 3)\nw = torch.randn(3, 1)\nloss = (x @ w).mean()\nloss.backward()",),
            "cell [2] line 4", ((),), "w = torch.randn(3, 1, requires_grad=True)", "backward"),
    Mistake("a history that was cut off", (
            "w = torch.randn(3, requires_grad=True)\ny = (w * 2).detach()\nloss = y.sum()\nloss.backward()",),
            "cell [2] line 4", ((),), "y = w * 2", "backward"),
    Mistake("backward twice", (
            "w = torch.randn(3, requires_grad=True)\nloss = (w ** 2).sum()\nloss.backward()\nloss.backward()",),
            "cell [2] line 4", (), "loss.backward(retain_graph=True)", "backward"),
    Mistake("a hidden state that is carried on", (
            "w = torch.randn(4, 4, requires_grad=True)\nh = torch.zeros(1, 4)",
            "for x in torch.randn(3, 1, 4):\n    h = torch.tanh(x + h @ w)\n    loss = (h ** 2).sum()\n"
            "    loss.backward()"),
            "cell [3] line 4", (), "h = torch.tanh(x + h.detach() @ w)", "backward"),
    Mistake("a kept value changed in place", (
            "w = torch.randn(3, requires_grad=True)\ny = w.exp()\ny += 1\nloss = y.sum()\nloss.backward()",),
            "cell [2] line 5", (), "y = y + 1", "changed-in-place"),
    Mistake("a relu in place that destroys what is kept", (
            "class Net(nn.Module):\n    def forward(self, x):\n        y = x.sigmoid()\n        y.mul_(2)\n"
            "        return y",
            "model = Net()\nx = torch.randn(3, requires_grad=True)\nloss = model(x).sum()\nloss.backward()"),
            "cell [3] line 4", (), "y = y.mul(2)", "changed-in-place"),
    Mistake("learning without no_grad", (
            "w = torch.randn(3, requires_grad=True)\nloss = (w ** 2).sum()\nloss.backward()\nw -= 0.1 * w.grad",),
            "cell [2] line 4", ((), ()), "with torch.no_grad(): w -= 0.1 * w.grad", "changed-in-place"),
    Mistake("numpy of what asks for a gradient", (
            "w = torch.randn(3, requires_grad=True)\narray = (w * 2).numpy()",), "cell [2] line 2", ((),),
            "array = (w * 2).detach().numpy()", "value"),
    Mistake("one number from many", (
            "x = torch.randn(3)\nvalue = x.item()",), "cell [2] line 2", ((),), "value = x.mean().item()", "value"),
    Mistake("truth of many numbers", (
            "x = torch.randn(3)\nif x > 0:\n    print(x)",), "cell [2] line 2", ((),), "", "value"),
    Mistake("a layer's name misspelt", (
            "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
            "        self.linear1 = nn.Linear(4, 3)\n\n"
            "    def forward(self, x):\n        return self.linear(x)",
            "model = Net()\nx, y = torch.randn(8, 4), torch.randint(0, 3, (8,))\n" + SHORT),
            "cell [2] line 7", (), "return self.linear1(x)", "unknown-name"),
    Mistake("a list for a tensor", (
            "model = nn.Linear(3, 2)\nloss = model([1.0, 2.0, 3.0]).sum()\nloss.backward()",), "cell [2] line 2", (),
            "loss = model(torch.tensor([1.0, 2.0, 3.0])).sum()", "value"),
    Mistake("a skip connection of another size", (
            "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
            "        self.down = nn.Conv2d(1, 4, 3, padding=1)\n"
            "        self.up = nn.ConvTranspose2d(4, 4, 2, stride=2)\n"
            "        self.out = nn.Conv2d(5, 1, 1)\n\n    def forward(self, x):\n"
            "        u = self.up(F.max_pool2d(self.down(x), 2))\n        return self.out(torch.cat([x, u], dim=1))",
            "model, x = Net(), torch.randn(2, 1, 15, 15)\nloss = ((model(x) - x) ** 2).mean()\nloss.backward()"),
            "cell [2] line 10", ((2,), (2,)),
            "return self.out(torch.cat([x, F.interpolate(u, size=x.shape[2:])], dim=1))"),
    Mistake("heads joined along the batch", (
            "heads = nn.ModuleList([nn.Linear(8, 4) for _ in range(2)])\nproj = nn.Linear(8, 3)",
            "x = torch.randn(5, 8)\ny = proj(torch.cat([h(x) for h in heads]))\nloss = y.mean()\nloss.backward()"),
            "cell [3] line 2", ((1,), (0,)), "y = proj(torch.cat([h(x) for h in heads], dim=-1))"),
    Mistake("pictures as targets of rows", (
            "net = nn.Sequential(nn.Linear(16, 16), nn.Sigmoid())\nx = torch.rand(8, 1, 4, 4)",
            "out = net(x.view(8, -1))\nloss = F.binary_cross_entropy(out, x)\nloss.backward()"),
            "cell [3] line 2", ((), ()), "loss = F.binary_cross_entropy(out, x.flatten(1))"),
    Mistake("layers in a ModuleDict", (
            "layers = nn.ModuleDict({'a': nn.Linear(4, 8), 'b': nn.Linear(4, 8)})\nx = torch.randn(2, 4)\n"
            "y = layers['b'](layers['a'](x))\ny.sum().backward()",),
            "cell [2] line 3", ((1,), (0,)), "layers = nn.ModuleDict({'a': nn.Linear(4, 8), 'b': nn.Linear(8, 8)})"),
    Mistake("a layer that training code calls", (
            "from gradbook.utils.data import DataLoader, TensorDataset\n"
            "data = TensorDataset(torch.randn(32, 12), torch.randint(0, 3, (32,)))\n"
            "loader = DataLoader(data, batch_size=8, shuffle=True)",
            "model = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 3))\ncriterion = nn.CrossEntropyLoss()\n"
            "opt = optim.Adam(model.parameters(), lr=1e-3)\n\ndef train(model, loader, epochs):\n    seen = 0\n"
            "    for epoch in range(epochs):\n        model.train()\n        for xb, yb in loader:\n"
            "            opt.zero_grad()\n            out = model(xb)\n            loss = criterion(out, yb)\n"
            "            loss.backward()\n            opt.step()\n            seen += len(xb)\n    return seen",
            "train(model, loader, 2)"),
            "cell [3] line 11", ((1,), (0,)),
            "model = nn.Sequential(nn.Linear(12, 16), nn.ReLU(), nn.Linear(16, 3))"),
    Mistake("an LSTM read from both ends", (
            "class Model(nn.Module):\n    def __init__(self, hidden=32):\n        super().__init__()\n"
            "        self.lstm = nn.LSTM(8, hidden, batch_first=True, bidirectional=True)\n"
            "        self.fc = nn.Linear(hidden, 2)\n\n    def forward(self, x):\n        out, _ = self.lstm(x)\n"
            "        return self.fc(out[:, -1])",
            "model = Model()\nx, y = torch.randn(4, 5, 8), torch.randint(0, 2, (4,))\n" + SHORT),
            "cell [2] line 9", ((1,), (0,)), "self.fc = nn.Linear(64, 2)"),
    Mistake("a failing layer deep in a tree", (
            "class Block(nn.Module):\n    def __init__(self, n):\n        super().__init__()\n"
            "        self.a = nn.Linear(n, n)\n"
            "        self.b = nn.Linear(12, n)\n\n    def forward(self, x):\n"
            "        return self.b(F.relu(self.a(x)))",
            "model = nn.Sequential(nn.Linear(4, 8), Block(8), Block(8), nn.Linear(8, 3))\n"
            "x, y = torch.randn(8, 4), torch.randint(0, 3, (8,))\n" + SHORT),
            "cell [2] line 8", ((1,), (0,)), "self.b = nn.Linear(8, n)"),
    Mistake("no_grad, in a function that trains", (
            NET, f"images = torch.randn(4, 1, 32, 32)\n{LABELS}\n\ndef evaluate():\n    with torch.no_grad():\n"
            "        return model(images)\n\nout = evaluate()"),
            "cell [2] line 13", ((1,), (0,)), "self.fc1 = nn.Linear(400, hidden)"),
)  # fmt: skip
