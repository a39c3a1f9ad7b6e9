import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def forever(loader):
    while True:
        yield from loader


loader = DataLoader(TensorDataset(torch.randn(40, 3), torch.randn(40, 1)), batch_size=10, shuffle=True)
batches = forever(loader)
net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.01)
for step in range(12):
    x, y = next(batches)
    opt.zero_grad()
    nn.functional.mse_loss(net(x), y).backward()
    opt.step()
