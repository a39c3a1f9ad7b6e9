import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(100, 4), torch.randn(100, 1)), batch_size=10)
net = nn.Linear(4, 1)
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
step = 0
while step < 20:
    batch = next(iter(loader))  # coach: repeated-batch; fix: for batch in loader:
    loss = nn.functional.mse_loss(net(batch[0]), batch[1])
    opt.zero_grad()
    loss.backward()
    opt.step()
    step += 1
