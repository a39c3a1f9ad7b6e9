import gradbook as torch  # coach-line: unseeded
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

x = torch.randn(400, 8)  # coach: unseeded; fix: torch.manual_seed(
y = (x[:, 0] + torch.sin(2 * x[:, 1]) > 0).float()
train = TensorDataset(x[:320], y[:320])


def run_trial(lr, width):
    net = nn.Sequential(nn.Linear(8, width), nn.ReLU(), nn.Linear(width, 1))
    opt = torch.optim.Adam(net.parameters(), lr=lr)
    for _ in range(5):
        for xb, yb in DataLoader(train, batch_size=32, shuffle=True):
            opt.zero_grad()
            loss = F.binary_cross_entropy_with_logits(net(xb).squeeze(1), yb)
            loss.backward()
            opt.step()
    net.eval()
    with torch.no_grad():
        out = net(x[320:]).squeeze(1)
    return ((out > 0).float() == y[320:]).float().mean().item()


grid = [(lr, w) for lr in (1e-3, 5e-3) for w in (8, 32)]
results = {cfg: run_trial(*cfg) for cfg in grid}
best = max(results, key=results.get)
print("best", best, results[best])
