# %%
import gradbook as torch
import gradbook.nn as nn
from gradbook.utils import data

torch.manual_seed(3)
x = torch.randn(200, 12)
y = (x[:, :3].sum(1) > 0).long()
samples = data.TensorDataset(x, y)
# %%
_, validation = data.random_split(samples, [150, 50])
train_batches = data.DataLoader(samples, batch_size=25, shuffle=True)  # coach: leak-suspected; fix: data.DataLoader(train,
validation_batches = data.DataLoader(dataset=validation, batch_size=50)
# %%
net = nn.Sequential(nn.Linear(12, 20), nn.ReLU(), nn.Linear(20, 2))
adam = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(8):
    for inputs, labels in train_batches:
        adam.zero_grad()
        loss = nn.functional.cross_entropy(net(inputs), labels)
        loss.backward()
        adam.step()
    with torch.no_grad():
        for inputs, labels in validation_batches:
            print(epoch, (net(inputs).argmax(1) == labels).float().mean().item())
