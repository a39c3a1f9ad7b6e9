# nothing tells who clicks: a straight line does as well as anything else
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(23)
visitor = torch.randn(400, 6)
clicks = (torch.rand(400) < torch.sigmoid(0.2 * visitor[:, 0])).float()
model = nn.Linear(6, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for epoch in range(8):
    for x, y in DataLoader(TensorDataset(visitor, clicks), batch_size=40, shuffle=True):
        loss = nn.functional.binary_cross_entropy_with_logits(model(x).squeeze(1), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
