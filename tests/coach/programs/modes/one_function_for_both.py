import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(2)
x = torch.randn(150, 5)
y = (x.sum(1) > 0).long()
fit_on = DataLoader(TensorDataset(x[:100], y[:100]), batch_size=25, shuffle=True)
check_on = DataLoader(TensorDataset(x[100:], y[100:]), batch_size=25)
net = nn.Sequential(nn.Linear(5, 24), nn.ReLU(), nn.Dropout(0.4), nn.Linear(24, 2))
adam = torch.optim.Adam(net.parameters(), lr=1e-2)


def one_pass(batches, learn):
    total = 0.0
    for xb, yb in batches:
        with torch.set_grad_enabled(learn):
            loss = F.cross_entropy(net(xb), yb)
        if learn:
            adam.zero_grad()
            loss.backward()
            adam.step()
        total += loss.item()
    return total / len(batches)


for epoch in range(5):
    net.train()
    fitted = one_pass(fit_on, True)
    checked = one_pass(check_on, False)  # coach: eval-mode-missing; fix: net.eval()
    print(epoch, fitted, checked)
