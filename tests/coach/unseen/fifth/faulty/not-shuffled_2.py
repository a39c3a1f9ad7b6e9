import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(6)
CLASSES, PER = 5, 96


def load_folder_like():
    xs, ys = [], []
    for c in range(CLASSES):
        centre = torch.randn(1, 1, 6, 6)
        xs.append(centre + 0.7 * torch.randn(PER, 1, 6, 6))
        ys.append(torch.full((PER,), c, dtype=torch.long))
    return torch.cat(xs), torch.cat(ys)


images, labels = load_folder_like()
train_loader = DataLoader(TensorDataset(images, labels), batch_size=32)  # coach: not-shuffled; fix: shuffle=True

net = nn.Sequential(nn.Flatten(), nn.Linear(36, 40), nn.ReLU(), nn.Linear(40, CLASSES))
opt = torch.optim.SGD(net.parameters(), lr=0.05)

for epoch in range(6):
    tot = 0.0
    for xb, yb in train_loader:
        opt.zero_grad()
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        opt.step()
        tot += loss.item()
    print(f"epoch {epoch} {tot / len(train_loader):.3f}")
