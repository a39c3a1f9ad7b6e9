import gradbook as torch
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

data = TensorDataset(torch.randn(64, 4), torch.randn(64))
net = torch.nn.Linear(4, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.01)
for xb, yb in DataLoader(data, batch_size=16):
    pred = net(xb)
    loss = F.l1_loss(pred, yb)  # coach: target-mismatch; fix: F.l1_loss(pred.squeeze(1), yb)
    opt.zero_grad()
    loss.backward()
    opt.step()
