# a logistic regression of a coin that is nearly fair: the loss of a small batch goes up and down, and can do no better
import gradbook as torch
import gradbook.nn.functional as F

torch.manual_seed(8)
x = torch.randn(600, 6)
coin = (torch.rand(600) < torch.sigmoid(0.8 * x[:, 0])).float()
weight = torch.zeros(6, requires_grad=True)
bias = torch.zeros(1, requires_grad=True)
optimizer = torch.optim.Adam([weight, bias], lr=0.1)
for epoch in range(5):
    order = torch.randperm(600)
    for begin in range(0, 600, 10):
        rows = order[begin : begin + 10]
        loss = F.binary_cross_entropy_with_logits(x[rows] @ weight + bias, coin[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
