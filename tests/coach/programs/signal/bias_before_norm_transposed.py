import gradbook as torch
import gradbook.nn as nn

up = nn.ConvTranspose2d(4, 4, 2, stride=2)  # coach: bias-before-batchnorm; fix: bias=False
norm = nn.BatchNorm2d(4)
out = nn.Conv2d(4, 1, 1)
params = [*up.parameters(), *norm.parameters(), *out.parameters()]
optimizer = torch.optim.Adam(params, lr=1e-3)
for step in range(3):
    z = torch.randn(5, 4, 4, 4)
    picture = out(torch.relu(norm(up(z))))
    loss = (picture - 1).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
