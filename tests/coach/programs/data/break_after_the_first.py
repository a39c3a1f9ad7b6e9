import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

ds = TensorDataset(torch.randn(60, 2), torch.randn(60, 1))
dl = DataLoader(ds, batch_size=10)
lin = nn.Linear(2, 1)
sgd = torch.optim.SGD(lin.parameters(), lr=0.05)
for epoch in range(6):
    for a, b in dl:  # coach: repeated-batch
        loss = (lin(a) - b).abs().mean()
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        if loss.item() > 0:
            break
