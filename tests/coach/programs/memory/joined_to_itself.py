import gradbook as torch
from gradbook import nn

encoder = nn.Linear(5, 8)
decoder = nn.Linear(8, 5)
opt = torch.optim.SGD([*encoder.parameters(), *decoder.parameters()], lr=0.1)
codes = torch.empty(0, 8)
for it in range(10):
    batch = torch.randn(20, 5)
    z = torch.tanh(encoder(batch))
    codes = torch.cat([codes, z.detach()])  # coach: memory-growth; fix: [-1000:]
    loss = (decoder(z) - batch).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
