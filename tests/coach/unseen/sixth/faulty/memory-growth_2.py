import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(64)

# microscopy crops: is there a bright vesicle?
n = 384
has = torch.arange(n) % 2
img = 0.5 * torch.randn(n, 1, 16, 16)
cx, cy = torch.randint(2, 12, (n,)).tolist(), torch.randint(2, 12, (n,)).tolist()
for i in range(n):
    if has[i] == 1:
        img[i, 0, cx[i]:cx[i] + 4, cy[i]:cy[i] + 4] += 2.0
img = (img - img.mean()) / img.std()


class VesicleNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 16, 3, padding=1)
        self.fc = nn.Linear(16, 2)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.relu(self.conv2(x))
        return self.fc(x.amax(dim=(2, 3)))


net = VesicleNet()
maps = []


def keep(module, inp, out):
    maps.append(out.detach().clone())  # coach: memory-growth


net.conv1.register_forward_hook(keep)  # coach-line: memory-growth

loader = DataLoader(TensorDataset(img, has), batch_size=32, shuffle=True)
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
net.train()
for epoch in range(8):
    for xb, yb in loader:
        opt.zero_grad()
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        opt.step()
    print(f"epoch {epoch} loss {loss.item():.3f} mean |activation| {maps[-1].abs().mean().item():.3f}")
