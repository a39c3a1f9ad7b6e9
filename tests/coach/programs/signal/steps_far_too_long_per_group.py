import gradbook as torch
from gradbook import nn

encoder, head = nn.Sequential(nn.Linear(6, 20), nn.Tanh()), nn.Linear(20, 2)
opt = torch.optim.Adam(
    [{"params": encoder.parameters()}, {"params": head.parameters(), "lr": 0.7}],
    lr=0.8,  # coach: update-ratio-high; fix: lr=0.
)
for step in range(10):  # coach-also: learning-rate-too-high, loss-diverged, saturated-activation
    x = torch.randn(24, 6)
    loss = nn.functional.cross_entropy(head(encoder(x)), (x[:, 0] * x[:, 1] > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
