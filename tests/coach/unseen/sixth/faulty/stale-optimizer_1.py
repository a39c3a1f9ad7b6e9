"""Transfer learning in miniature: pretrain on four patterns, reuse the body for three new ones."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(64)


def pattern_set(prototypes, n):
    y = torch.randint(0, len(prototypes), (n,))
    x = prototypes[y] + 0.8 * torch.randn(n, 25)
    return DataLoader(TensorDataset((x - x.mean()) / x.std(), y), batch_size=25, shuffle=True)


class PatternNet(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(25, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU())
        self.head = nn.Linear(16, classes)

    def forward(self, x):
        return self.head(self.body(x))


def run(net, loader, optimizer, epochs, title):
    criterion = nn.CrossEntropyLoss()
    net.train()
    for e in range(epochs):
        losses = []
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(net(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        print(f"{title} {e}: {sum(losses) / len(losses):.3f}")


source = pattern_set(torch.randn(4, 25).sign(), 300)
target = pattern_set(torch.randn(3, 25).sign(), 150)

net = PatternNet(classes=4)
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)  # coach-line: stale-optimizer
run(net, source, optimizer, 4, "pretrain")

net.head = nn.Linear(16, 3)  # coach: stale-optimizer; fix: torch.optim.Adam(net.parameters()
run(net, target, optimizer, 6, "finetune")
