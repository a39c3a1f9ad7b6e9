import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class FocalLoss(nn.Module):
    def __init__(self, gamma=2.0, reduction="none"):
        super().__init__()
        self.gamma, self.reduction = gamma, reduction
        self.ce = nn.CrossEntropyLoss(reduction="none")

    def forward(self, logits, target):
        ce = self.ce(logits, target)
        pt = torch.exp(-ce)
        loss = (1 - pt) ** self.gamma * ce
        return loss.mean() if self.reduction == "mean" else loss


LOSSES = {"focal": FocalLoss, "ce": nn.CrossEntropyLoss}


def build_loss(name, **kw):
    return LOSSES[name](**kw)


torch.manual_seed(55)
y = torch.randint(0, 3, (180,))
x = torch.randn(3, 9)[y] * 1.5 + torch.randn(180, 9)
x = (x - x.mean(0)) / x.std(0)
dl = DataLoader(TensorDataset(x, y), batch_size=18, shuffle=True)
net = nn.Sequential(nn.Linear(9, 24), nn.ReLU(), nn.Linear(24, 3))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
criterion = build_loss("focal", gamma=1.5)  # coach-line: non-scalar-backward
for epoch in range(3):
    net.train()
    for xb, yb in dl:
        opt.zero_grad()
        loss = criterion(net(xb), yb)  # coach-line: non-scalar-backward
        loss.backward()  # coach: non-scalar-backward; fix: mean
        opt.step()
    print("epoch", epoch, "loss", loss.mean().item())
