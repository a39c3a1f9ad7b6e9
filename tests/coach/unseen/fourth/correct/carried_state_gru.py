"""Truncated backpropagation: a GRU reads eight parallel series in order, its state carried from chunk to chunk."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(10)
B, T, CH = 8, 401, 20
t = torch.arange(T).float()
phase = torch.rand(B, 1) * 6.28
series = torch.sin(0.15 * t + phase) + 0.3 * torch.sin(0.4 * t + 2 * phase) + 0.05 * torch.randn(B, T)
series = (series - series.mean()) / series.std()

gru = nn.GRU(1, 24, batch_first=True)
head = nn.Linear(24, 1)
params = list(gru.parameters()) + list(head.parameters())
opt = torch.optim.Adam(params, lr=5e-3)

for epoch in range(6):
    h = torch.zeros(1, B, 24)
    running = []
    for s in range(0, T - 1, CH):
        x = series[:, s:s + CH].unsqueeze(-1)
        y = series[:, s + 1:s + CH + 1].unsqueeze(-1)
        out, h = gru(x, h.detach())
        loss = nn.functional.mse_loss(head(out), y)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(params, 1.0)
        opt.step()
        running.append(loss.item())
    print(f"epoch {epoch}: {sum(running) / len(running):.4f}")
