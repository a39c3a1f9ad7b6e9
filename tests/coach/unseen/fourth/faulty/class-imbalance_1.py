"""Spam-report detection from 16 text features; about 1 message in 40 is reported."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(8)


def messages(count):
    reported = (torch.rand(count) < 0.025).float()
    x = torch.randn(count, 16)
    x[:, :3] += 1.0 * reported.unsqueeze(1)
    return x, reported


x_fit, y_fit = messages(2000)
x_dev, y_dev = messages(1000)
mean, std = x_fit.mean(0), x_fit.std(0)
x_fit, x_dev = (x_fit - mean) / std, (x_dev - mean) / std

loader = DataLoader(TensorDataset(x_fit, y_fit), batch_size=100, shuffle=True)  # coach-line: class-imbalance
model = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1))
bce = nn.BCEWithLogitsLoss()  # coach: class-imbalance; fix: pos_weight
opt = torch.optim.AdamW(model.parameters(), lr=3e-3)

for epoch in range(6):
    model.train()
    for xb, yb in loader:
        opt.zero_grad()
        loss = bce(model(xb).squeeze(1), yb)
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        flagged = (model(x_dev).squeeze(1) > 0).float()
    accuracy = (flagged == y_dev).float().mean().item()
    recall = (flagged * y_dev).sum().item() / y_dev.sum().item()
    print(f"epoch {epoch}: accuracy {accuracy:.3f}, recall {recall:.3f}, flagged {int(flagged.sum())}")
# coach-also: constant-predictions
