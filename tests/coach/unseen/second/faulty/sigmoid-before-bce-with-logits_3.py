import gradbook as torch
import gradbook.nn.functional as F

# multi-label tagging, plain tensors
torch.manual_seed(64)
n, d, tags = 200, 10, 5
proj = torch.randn(d, tags)
docs = torch.randn(n, d)
tag_matrix = (docs @ proj > 0.5).float()

W1 = (torch.randn(d, 20) / d ** 0.5).requires_grad_()
b1 = torch.zeros(20, requires_grad=True)
W2 = (torch.randn(20, tags) / 20 ** 0.5).requires_grad_()
b2 = torch.zeros(tags, requires_grad=True)
theta = [W1, b1, W2, b2]
optimizer = torch.optim.Adam(theta, lr=0.01)


def net(x):
    return F.relu(x @ W1 + b1) @ W2 + b2


for it in range(40):
    sel = torch.randint(0, n, (50,))
    scores = torch.sigmoid(net(docs[sel]))  # coach: sigmoid-before-bce-with-logits
    loss = F.binary_cross_entropy_with_logits(scores, tag_matrix[sel])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if it % 10 == 0:
        hit = ((scores > 0.5).float() == tag_matrix[sel]).float().mean()
        print(it, loss.item(), hit.item())
