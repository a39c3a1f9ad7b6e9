import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(0)


class SetTransformer(nn.Module):
    def __init__(self, d=16, classes=4):
        super().__init__()
        self.inp = nn.Linear(6, d)
        layer = nn.TransformerEncoderLayer(d, nhead=2, dim_feedforward=32, dropout=0.2, batch_first=True)
        self.enc = nn.TransformerEncoder(layer, num_layers=1)
        self.cls = nn.Linear(d, classes)

    def forward(self, x):
        return self.cls(self.enc(self.inp(x)).mean(dim=1))


def accuracy(net, loader):
    good = seen = 0
    with torch.no_grad():  # coach: eval-mode-missing; fix: net.eval()
        for xb, yb in loader:
            good += (net(xb).argmax(-1) == yb).sum().item()
            seen += yb.numel()
    return good / seen


proto = torch.randn(4, 6)
y = torch.randint(0, 4, (320,))
x = proto[y].unsqueeze(1) * 0.8 + torch.randn(320, 7, 6)
train_set, val_set = random_split(TensorDataset(x, y), [256, 64])
train_loader = DataLoader(train_set, batch_size=32, shuffle=True)
val_loader = DataLoader(val_set, batch_size=64)

net = SetTransformer()
opt = torch.optim.AdamW(net.parameters(), lr=2e-3)
ce = nn.CrossEntropyLoss()
for epoch in range(4):
    net.train()
    for xb, yb in train_loader:
        opt.zero_grad()
        loss = ce(net(xb), yb)
        loss.backward()
        opt.step()
    print(epoch, "val acc", accuracy(net, val_loader))  # coach-line: eval-mode-missing
