import numpy as np
import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset


def init_weights(m):
    if isinstance(m, nn.Linear):
        nn.init.constant_(m.weight, 0.05)  # coach: bad-init
        nn.init.zeros_(m.bias)


class MLP(nn.Module):
    def __init__(self, n_in, n_hidden, n_out):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(n_in, n_hidden), nn.ReLU(),
            nn.Linear(n_hidden, n_hidden), nn.ReLU(),
            nn.Linear(n_hidden, n_out),
        )
        self.apply(init_weights)  # coach-line: bad-init

    def forward(self, x):
        return self.net(x)


def train_model(model, loader, epochs, lr):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        model.train()
        running = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(xb), yb)
            loss.backward()
            optimizer.step()
            running += loss.item()
        print(f"epoch {epoch} loss {running / len(loader):.4f}")
    return model


torch.manual_seed(61)
rng = np.random.default_rng(61)
means = rng.normal(0, 1.4, (6, 14))
species = rng.integers(0, 6, 600)
leaf = means[species] + rng.normal(size=(600, 14))
leaf = ((leaf - leaf[:480].mean(0)) / leaf[:480].std(0)).astype(np.float32)
X, y = torch.from_numpy(leaf), torch.from_numpy(species)
mlp = train_model(MLP(14, 32, 6), DataLoader(TensorDataset(X[:480], y[:480]), batch_size=48, shuffle=True), 8, 3e-3)

mlp.eval()
with torch.no_grad():
    print("holdout accuracy", (mlp(X[480:]).argmax(1) == y[480:]).float().mean().item())
# coach-also: loss-plateau
