import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(8)
proto = torch.randn(8, 32)
y = torch.randint(0, 8, (1024,))
x = proto[y] + 1.0 * torch.randn(1024, 32)

loader = DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)
clf = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 8))
opt = torch.optim.SGD(clf.parameters(), lr=0.05, momentum=0.9)
scheduler = torch.optim.lr_scheduler.StepLR(opt, step_size=5, gamma=0.1)  # coach-line: loss-plateau


def train_one_epoch():
    total = 0.0
    for xb, yb in loader:
        opt.zero_grad()
        loss = F.cross_entropy(clf(xb), yb)
        loss.backward()  # coach-also: update-ratio-low
        opt.step()
        scheduler.step()  # coach: loss-plateau
        total += loss.item()
    return total / len(loader)


history = []
for epoch in range(15):
    history.append(train_one_epoch())  # coach-also: learning-rate-too-low
print([round(h, 3) for h in history])
