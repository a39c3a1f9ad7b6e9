import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

x = torch.linspace(-1, 1, 64).unsqueeze(1)
y = torch.cat([torch.zeros(32), torch.ones(32)]).long()
whole = DataLoader(TensorDataset(x, y), batch_size=64)
model = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(20):
    inputs, labels = next(iter(whole))
    loss = nn.functional.cross_entropy(model(inputs), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
