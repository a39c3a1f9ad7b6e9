import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(19)

LAYERS = [
    {"units": 32, "activation": "relu"},
    {"units": 32, "activation": "relu"},
    {"units": 4, "activation": "softmax"},  # coach-line: log-softmax-missing-for-nll
]
ACTIVATIONS = {
    "relu": torch.relu,
    "softmax": lambda z: F.softmax(z, dim=-1),  # coach: log-softmax-missing-for-nll; fix: log_softmax
}


class FromConfig(nn.Module):
    def __init__(self, n_in, layers):
        super().__init__()
        self.dense = nn.ModuleList()
        self.acts = []
        for spec in layers:
            self.dense.append(nn.Linear(n_in, spec["units"]))
            self.acts.append(ACTIVATIONS[spec["activation"]])
            n_in = spec["units"]

    def forward(self, x):
        for layer, act in zip(self.dense, self.acts):
            x = act(layer(x))
        return x


def blobs(n, k=4, d=10):
    mu = torch.randn(k, d) * 1.5
    y = torch.randint(0, k, (n,))
    x = mu[y] + torch.randn(n, d)
    return (x - x.mean(0)) / x.std(0), y


X, y = blobs(480)
train = DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True)
model = FromConfig(10, LAYERS)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

for epoch in range(6):
    correct = 0
    for xb, yb in train:
        optimizer.zero_grad()
        out = model(xb)
        loss = F.nll_loss(out, yb)  # coach-line: log-softmax-missing-for-nll
        loss.backward()
        optimizer.step()
        correct += (out.argmax(-1) == yb).sum().item()
    print(f"Epoch {epoch + 1}/6 - loss: {loss.item():.4f} - accuracy: {correct / len(X):.3f}")
