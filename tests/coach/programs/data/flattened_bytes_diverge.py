import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(5)
pixels = torch.randint(0, 256, (100, 196))
x = pixels.float()  # coach: input-not-normalised; fix: x = pixels.float() / 255
y = torch.randint(0, 2, (100, 1)).float()
loader = DataLoader(TensorDataset(x, y), batch_size=20, shuffle=True)
net = nn.Sequential(nn.Linear(196, 64), nn.ReLU(), nn.Linear(64, 1))
sgd = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(3):
    for xb, yb in loader:
        loss = nn.functional.mse_loss(net(xb), yb)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
