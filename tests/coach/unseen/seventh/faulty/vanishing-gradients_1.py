import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(79)

spec = {
    "input_dim": 10,
    "hidden": [32] * 9,
    "classes": 3,
    "activation": "sigmoid",  # coach: vanishing-gradients; fix: relu
    "sgd": {"lr": 0.05, "momentum": 0.9},
}


class DeepDense(nn.Module):
    def __init__(self, spec):
        super().__init__()
        dims = [spec["input_dim"]] + spec["hidden"]
        self.layers = nn.ModuleList([nn.Linear(i, o) for i, o in zip(dims, dims[1:])])
        self.out = nn.Linear(dims[-1], spec["classes"])
        self.phi = getattr(torch, spec["activation"])
        self.reset()

    def reset(self):
        for layer in self.layers:
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        for layer in self.layers:
            x = self.phi(layer(x))  # coach-line: vanishing-gradients
        return self.out(x)


mu = torch.randn(3, 10) * 1.5
y = torch.randint(0, 3, (360,))
X = mu[y] + torch.randn(360, 10)
X = (X - X.mean(0)) / X.std(0)

loader = DataLoader(TensorDataset(X, y), batch_size=36, shuffle=True)
model = DeepDense(spec)
opt = torch.optim.SGD(model.parameters(), **spec["sgd"])
for epoch in range(8):
    for xb, yb in loader:
        opt.zero_grad()
        loss = F.cross_entropy(model(xb), yb)  # coach-also: loss-plateau
        loss.backward()
        opt.step()
    print(f"epoch {epoch} loss {loss.item():.4f}")
