import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(0)
cnn = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 3))
for m in cnn.modules():
    if isinstance(m, nn.Conv2d):
        nn.init.constant_(m.bias, -9.0)  # coach: dead-relu; fix: 0.0
opt = torch.optim.Adam(cnn.parameters(), lr=1e-3)
x = torch.randn(40, 1, 8, 8)
y = torch.arange(40) % 3
for epoch in range(8):
    opt.zero_grad()
    loss = nn.functional.cross_entropy(cnn(x), y)
    loss.backward()
    opt.step()  # coach-also: constant-predictions, degenerate-activation, loss-plateau, vanishing-gradients
