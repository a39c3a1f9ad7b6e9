from collections import defaultdict

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(19)


class ActivationProbe:
    """Keeps what the named layers put out, for the statistics printed each epoch."""

    def __init__(self, model, names):
        self.store = defaultdict(list)
        modules = dict(model.named_modules())
        self.handles = [modules[n].register_forward_hook(self._hook(n)) for n in names]

    def _hook(self, name):
        def hook(module, inputs, output):
            self.store[name].append(output.detach().clone())  # coach: memory-growth
        return hook

    def summary(self):
        return {name: round(acts[-1].std().item(), 3) for name, acts in self.store.items()}


x = torch.randn(2048, 32)
y = (x @ torch.randn(32, 6)).argmax(1)
loader = DataLoader(TensorDataset(x, y), batch_size=128, shuffle=True)

model = nn.Sequential(nn.Linear(32, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 6))
probe = ActivationProbe(model, ["1", "3"])
opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

for epoch in range(6):
    for xb, yb in loader:
        loss = F.cross_entropy(model(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, round(loss.item(), 4), probe.summary())
