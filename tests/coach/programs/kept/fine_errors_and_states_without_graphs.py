"""Errors of every step without their graphs; weights of earlier epochs; the outputs of the two views of one step."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(9)
signal = torch.randn(240, 6)
target = torch.tanh(signal[:, :2])
encoder = nn.Sequential(nn.Linear(6, 20), nn.ReLU(), nn.Linear(20, 2))
opt = torch.optim.Adam(encoder.parameters(), lr=5e-3)
errors, past, best = [], [], None
smooth = None
for epoch in range(6):
    for part in torch.randperm(240).split(40):
        views = [encoder(signal[part] + 0.05 * torch.randn(len(part), 6)) for _ in range(2)]
        losses = [F.mse_loss(view, target[part]) for view in views]
        loss = sum(losses) / 2
        opt.zero_grad()
        loss.backward()
        opt.step()
        errors.append((views[0] - target[part]).detach())
        smooth = loss.item() if smooth is None else 0.9 * smooth + 0.1 * loss.item()
    past.append(encoder[0].weight)
    if best is None or loss < best:
        best = loss
print(torch.cat(errors).std().item(), smooth, best.item(), len(past))
