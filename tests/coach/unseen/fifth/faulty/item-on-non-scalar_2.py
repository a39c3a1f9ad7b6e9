import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(50)
joints = 5
img = torch.randn(400, 1, 8, 8)
A = torch.randn(64, joints * 2) / 8
pts = img.flatten(1) @ A

net = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, joints * 2))
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
loader = DataLoader(TensorDataset(img, pts), batch_size=40, shuffle=True)

for epoch in range(4):
    err_sum = 0.0
    for im, kp in loader:
        opt.zero_grad()
        pred = net(im)
        loss = F.mse_loss(pred, kp)
        loss.backward()
        opt.step()
        dist = (pred - kp).view(-1, joints, 2).detach().pow(2).sum(-1).sqrt()
        err_sum += dist.mean(dim=0).item()  # coach: item-on-non-scalar; fix: .mean().item()
    print(f"epoch {epoch} mean joint error {err_sum / len(loader):.4f}")
