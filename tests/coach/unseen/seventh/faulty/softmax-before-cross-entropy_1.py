import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(53)


class Sequential(nn.Module):
    """model.add(...), model.compile(...), model.fit(...)"""

    def __init__(self):
        super().__init__()
        self.stack = nn.ModuleList()

    def add(self, layer):
        self.stack.append(layer)

    def forward(self, x):
        for layer in self.stack:
            x = layer(x)
        return x

    def compile(self, optimizer, loss):
        self.optimizer, self.loss = optimizer, loss

    def fit(self, data, epochs, verbose=1):
        for epoch in range(epochs):
            self.train()
            losses, acc = [], []
            for x, y in data:
                self.optimizer.zero_grad()
                out = self(x)
                loss = self.loss(out, y)
                loss.backward()
                self.optimizer.step()
                losses.append(loss.item())
                acc.append((out.argmax(1) == y).float().mean().item())
            if verbose:
                print(f"{epoch + 1}/{epochs} loss {sum(losses) / len(losses):.4f} acc {sum(acc) / len(acc):.4f}")


mu = torch.randn(5, 10) * 1.5
y = torch.randint(0, 5, (500,))
X = mu[y] + torch.randn(500, 10)
X = (X - X.mean(0)) / X.std(0)

model = Sequential()
model.add(nn.Linear(10, 32))
model.add(nn.ReLU())
model.add(nn.Linear(32, 5))
model.add(nn.Softmax(dim=1))  # coach: softmax-before-cross-entropy

model.compile(
    optimizer=torch.optim.Adam(model.parameters(), lr=3e-3),
    loss=nn.CrossEntropyLoss(),
)
model.fit(DataLoader(TensorDataset(X, y), batch_size=25, shuffle=True), epochs=8)
