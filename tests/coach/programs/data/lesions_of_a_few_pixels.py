import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(0)
net = nn.Sequential(nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 1, 3, padding=1))
bce = nn.BCEWithLogitsLoss()  # coach: class-imbalance; fix: pos_weight=torch.tensor(
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for step in range(30):
    mask = (torch.rand(8, 1, 10, 10) < 0.02).float()
    image = torch.randn(8, 1, 10, 10) + mask
    opt.zero_grad()
    loss = bce(net(image), mask)
    loss.backward()
    opt.step()  # coach-also: constant-predictions
