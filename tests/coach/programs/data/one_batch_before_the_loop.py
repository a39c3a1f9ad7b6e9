import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

ds = TensorDataset(torch.randn(60, 2), torch.randn(60, 1))
train_dl = DataLoader(ds, batch_size=10, shuffle=True)
model = nn.Linear(2, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.05)
x, y = next(iter(train_dl))  # coach: repeated-batch; fix: for x, y in train_dl:
for epoch in range(15):
    loss = nn.functional.mse_loss(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
