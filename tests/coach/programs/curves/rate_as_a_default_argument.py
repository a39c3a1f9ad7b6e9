import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def train(model, loader, epochs=3, lr=8.0):  # coach: learning-rate-too-high; fix: lr=0.
    opt = torch.optim.SGD(model.parameters(), lr=lr)
    for _ in range(epochs):
        for xb, yb in loader:
            opt.zero_grad()
            loss = F.mse_loss(model(xb), yb)
            loss.backward()
            opt.step()
    return loss.item()  # coach-also: exploding-gradients, dead-relu


torch.manual_seed(0)
X = torch.randn(128, 6)
Y = X[:, :2].sum(1, keepdim=True)
net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1))
print(train(net, DataLoader(TensorDataset(X, Y), batch_size=16, shuffle=True)))
