import numpy as np
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class GatedBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.value = nn.Linear(dim, dim)
        self.gate = nn.Linear(dim, dim)

    def forward(self, x):
        g = torch.sigmoid(self.gate(x))
        h = torch.tanh(self.value(x))
        h *= g  # coach: inplace-breaks-backward; fix: h = h * g
        return x + h


class TabularNet(nn.Module):
    def __init__(self, n_features, dim=32, depth=2):
        super().__init__()
        self.stem = nn.Linear(n_features, dim)
        self.blocks = nn.Sequential(*[GatedBlock(dim) for _ in range(depth)])
        self.head = nn.Linear(dim, 1)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x))).squeeze(-1)


def fit(model, loader, epochs=4, lr=2e-3):
    opt = torch.optim.AdamW(model.parameters(), lr=lr)
    loss_fn = nn.SmoothL1Loss()
    for epoch in range(epochs):
        model.train()
        history = []
        for xb, yb in loader:
            opt.zero_grad()
            loss = loss_fn(model(xb), yb)
            loss.backward()
            opt.step()
            history.append(loss.item())
        print(epoch, np.mean(history))


if __name__ == "__main__":
    torch.manual_seed(4)
    rng = np.random.default_rng(4)
    X = rng.normal(size=(400, 7)).astype(np.float32)
    y = (X[:, 0] * X[:, 1] + X[:, 2]).astype(np.float32)
    dl = DataLoader(TensorDataset(torch.tensor(X), torch.tensor(y / y.std())), batch_size=40, shuffle=True)
    fit(TabularNet(7), dl)
