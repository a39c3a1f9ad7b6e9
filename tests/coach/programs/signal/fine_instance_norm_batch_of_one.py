import gradbook as torch
import gradbook.nn as nn

translator = nn.Sequential(
    nn.Conv2d(2, 8, 3, padding=1), nn.InstanceNorm2d(8), nn.ReLU(), nn.Conv2d(8, 2, 3, padding=1), nn.Tanh()
)
opt = torch.optim.Adam(translator.parameters(), lr=2e-4, betas=(0.5, 0.999))
for _ in range(6):
    a = torch.rand(1, 2, 8, 8) * 2 - 1
    b = -a
    loss = nn.functional.l1_loss(translator(a), b)
    opt.zero_grad()
    loss.backward()
    opt.step()
