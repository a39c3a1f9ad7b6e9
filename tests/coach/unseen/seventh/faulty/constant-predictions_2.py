from dataclasses import dataclass, field

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split


@dataclass
class State:
    step: int = 0
    log: list = field(default_factory=list)


class ChurnModel(nn.Module):
    def __init__(self, dim, hidden=32):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def forward(self, x):
        return torch.softmax(self.net(x), dim=1)  # coach: constant-predictions; fix: sigmoid


def train_step(model, opt, criterion, batch, state):
    x, y = batch
    prob = model(x)
    loss = criterion(prob, y)  # coach-also: loss-plateau
    opt.zero_grad()
    loss.backward()  # coach-also: vanishing-gradients
    opt.step()
    state.step += 1
    state.log.append(loss.item())


@torch.no_grad()
def accuracy(model, loader):
    model.eval()
    hits = [((model(x) > 0.5).float() == y).float().mean().item() for x, y in loader]
    model.train()
    return sum(hits) / len(hits)


torch.manual_seed(8)
features = torch.randn(960, 14)
churned = ((features @ torch.randn(14, 1)) > 0).float()
train, val = random_split(TensorDataset(features, churned), [768, 192])
train_loader = DataLoader(train, batch_size=48, shuffle=True)
val_loader = DataLoader(val, batch_size=48)

model, criterion = ChurnModel(14), nn.BCELoss()  # coach-also: degenerate-activation
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
state = State()
for epoch in range(5):
    for batch in train_loader:
        train_step(model, opt, criterion, batch, state)
    print(f"epoch {epoch} step {state.step} loss {state.log[-1]:.3f} val acc {accuracy(model, val_loader):.3f}")
