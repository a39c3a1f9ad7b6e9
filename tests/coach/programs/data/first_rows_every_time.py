import gradbook as torch
from gradbook import nn

data = torch.randn(256, 4)
target = data.pow(2).sum(1, keepdim=True)
batch_size = 32
model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)


def train_epoch():
    for start in range(0, len(data), batch_size):
        xb = data[0:batch_size]  # coach: repeated-batch; fix: data[start : start + batch_size]
        yb = target[0:batch_size]
        loss = nn.functional.mse_loss(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


for e in range(2):
    train_epoch()
