import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
X = torch.randn(100, 4); Y = X.sum(1, keepdim=True)
dl = DataLoader(TensorDataset(X, Y), batch_size=20, shuffle=True)
lin = nn.Linear(4, 1)
opt = torch.optim.SGD(lin.parameters(), lr=0.05)
torch.set_grad_enabled(False)  # coach: training-under-no-grad; fix: set_grad_enabled(True)
for epoch in range(3):
    for xb, yb in dl:
        opt.zero_grad()
        loss = nn.functional.mse_loss(lin(xb), yb)
        loss.backward()
        opt.step()
    print(epoch, loss.item())
# coach-also: nothing-requires-grad
