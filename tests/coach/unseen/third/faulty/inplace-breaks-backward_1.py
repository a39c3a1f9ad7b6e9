import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(18)


class ResidualBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc = nn.Linear(width, width)
        self.shortcut = nn.Linear(width, width)

    def forward(self, x):
        h = torch.tanh(self.fc(x))
        h += self.shortcut(x)  # coach: inplace-breaks-backward; fix: h = h + self.shortcut(x)
        return h


class ResidualMLP(nn.Module):
    def __init__(self, n_in, width=24, depth=2):
        super().__init__()
        self.stem = nn.Linear(n_in, width)
        self.blocks = nn.Sequential(*[ResidualBlock(width) for _ in range(depth)])
        self.head = nn.Linear(width, 1)

    def forward(self, x):
        return self.head(self.blocks(torch.tanh(self.stem(x)))).squeeze(-1)


def train(model, loader, epochs):
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    criterion = nn.MSELoss()
    model.train()
    for epoch in range(epochs):
        total = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            optimizer.step()
            total += loss.item()
        print(f"epoch {epoch + 1}: mse {total / len(loader):.4f}")


if __name__ == "__main__":
    x = torch.randn(256, 4)
    y = torch.sin(x[:, 0]) * x[:, 1] + 0.5 * x[:, 2] ** 2
    y = (y - y.mean()) / y.std()
    loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
    train(ResidualMLP(4), loader, epochs=5)
